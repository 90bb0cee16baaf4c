-- The columns that 0020 added keep no planner statistics either (see sec.forget_statistics).
call sec.forget_statistics('app.mfa_challenges');
call sec.forget_statistics('app.sessions');
