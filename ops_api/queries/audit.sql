-- audit_add
select audit_add(%(at_us)s, %(actor_kind)s, %(actor_id)s, %(roles)s, %(via)s, %(action)s, %(object)s, %(reason)s, %(outcome)s,
                 %(source)s, %(request_id)s, %(detail)s) as entry_id

-- audit_read
select entry_id, to_timestamp(at_us / 1000000.0) as at, actor_kind, actor_id, roles, via, action, object, reason, outcome, source,
       request_id, detail
from audit_read(%(at_us)s, %(actor_kind)s, %(actor_id)s, %(roles)s, %(via)s, %(source)s, %(request_id)s,
                %(actor)s, %(about)s, %(before)s, %(limit)s)

-- audit_head
select entry_id, link from audit_last()

-- audit_failed
select audit_failed(%(at_us)s, %(via)s, %(action)s, %(outcome)s, %(source)s, %(request_id)s, %(why)s, %(about)s, %(name)s, %(key)s,
                    %(mark)s) as told

-- audit_untold
select audit_untold() as lines
