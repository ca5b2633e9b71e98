// Crontabs as people speak of them: read in words, quick picks, and what is wrong with one. Pure, and the same grammar as
// wire::cron; when a run really falls is the coordinator's to say (`GET /cron`), because zones are not known here.

export { type CronFields, type CronProblem, parseCron } from './cron/parse'
export { crontabOf, type Pick, type PickKind, pickOf, pickOfKind } from './cron/pick'
export { clock, readCron, WEEKDAYS } from './cron/words'
