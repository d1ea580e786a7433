-- Reserved for a branch that is written at the same time; this file goes when they meet.
select 1;
