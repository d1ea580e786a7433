-- The bins' savings ledger: what is compared with and at what prices, and the monthly statements.

create table bin_ledger_setting (
    setting_id bigint generated always as identity primary key,
    what       text not null check (what in ('schedule', 'tariffs')),
    made_at    timestamptz not null default now(),
    made_by    text not null check (made_by <> ''),
    why        text not null check (why <> ''),
    content    jsonb not null
);
create index bin_ledger_setting_newest on bin_ledger_setting (what, setting_id desc);

create table bin_statement (
    statement_id bigint generated always as identity primary key,
    month        date not null unique check (extract(day from month) = 1), -- one is kept of a month, the first
    made_at      timestamptz not null default now(),
    digest       text not null,  -- of all inputs
    sha256       text not null,  -- of the document as it was before it was packed
    answer       text not null,
    statement    jsonb not null, -- without the inputs, for pages
    document     bytea not null  -- JSON, gzip
);
alter table bin_statement alter column document set storage external; -- what is packed is not packed again

-- Appended only, also for whoever owns the tables: accounts are audited years later. As what gritters spread: six years at least.
create trigger bin_ledger_setting_stays before update or delete on bin_ledger_setting for each row execute function winter_evidence_stays();
create trigger bin_ledger_setting_stays_whole before truncate on bin_ledger_setting for each statement execute function winter_evidence_stays();
create trigger bin_statement_stays before update or delete on bin_statement for each row execute function winter_evidence_stays();
create trigger bin_statement_stays_whole before truncate on bin_statement for each statement execute function winter_evidence_stays();
