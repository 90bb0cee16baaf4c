import { parseCronItem } from 'graphile-worker';

/** Whether the queue can run by this schedule: five fields of crontab(5). */
export function isCrontab(schedule: string): boolean {
  try {
    parseCronItem({ task: 'check', match: schedule });
    return true;
  } catch {
    return false; // the parser's only way of saying no
  }
}
