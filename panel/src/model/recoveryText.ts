// One's recovery codes as a sheet of paper: what is printed, copied and downloaded. Pure.

export interface CodeSheet {
  codes: readonly string[]
  user: string
  /** Of the coordinator that takes them. */
  site: string
  /** `2026-11-20`. */
  date: string
}

export function recoveryText({ codes, user, site, date }: CodeSheet): string {
  return [
    'restic-manager recovery codes',
    '',
    `User: ${user}`,
    `Panel: ${site}`,
    `Made: ${date}`,
    '',
    ...codes,
    '',
    'Each code works once, after the password, in place of the second factor.',
    'Keep them apart from the password. Codes that were made before these count no more.',
    '',
  ].join('\n')
}
