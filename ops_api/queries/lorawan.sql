-- lorawan_webhook
select source_id, protocol, token_hash from lorawan_webhook(%(name)s)

-- lorawan_receive
select lorawan_receive(%(source_id)s, %(kind)s, %(key)s, %(dev_eui)s, %(network_at)s, %(f_port)s, %(f_cnt)s, %(payload)s,
                       %(topic)s, %(body)s, %(reason_code)s, %(reason)s) as is_new

-- senml_receive
select senml_receive(%(device)s, %(key)s, %(at)s, %(body)s, %(by)s) as is_new
