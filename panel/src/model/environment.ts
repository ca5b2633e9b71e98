// The access keys of the storages that want any: the names that restic reads them from, which of them are asked for, and
// the ways in where there are several. Pure.

import type { BackendKind } from './repository'

/** The environment that such a repository's secret may set; `required` ones are asked for. */
export const ENVIRONMENT: Record<
  BackendKind,
  readonly { name: string; label: string; required: boolean; secret: boolean }[]
> = {
  local: [],
  sftp: [],
  rest: [],
  rclone: [],
  s3: [
    { name: 'AWS_ACCESS_KEY_ID', label: 'Access key id', required: true, secret: false },
    { name: 'AWS_SECRET_ACCESS_KEY', label: 'Secret access key', required: true, secret: true },
    { name: 'AWS_SESSION_TOKEN', label: 'Session token', required: false, secret: true },
  ],
  b2: [
    { name: 'B2_ACCOUNT_ID', label: 'Key id', required: true, secret: false },
    { name: 'B2_ACCOUNT_KEY', label: 'Application key', required: true, secret: true },
  ],
  azure: [
    { name: 'AZURE_ACCOUNT_NAME', label: 'Account name', required: true, secret: false },
    { name: 'AZURE_ACCOUNT_KEY', label: 'Account key', required: false, secret: true },
    { name: 'AZURE_ACCOUNT_SAS', label: 'SAS token, instead of the key', required: false, secret: true },
    { name: 'AZURE_ENDPOINT_SUFFIX', label: 'Endpoint suffix', required: false, secret: false },
  ],
  gs: [
    { name: 'GOOGLE_PROJECT_ID', label: 'Project id', required: true, secret: false },
    { name: 'GOOGLE_ACCESS_TOKEN', label: 'Access token', required: true, secret: true },
  ],
  swift: [
    { name: 'OS_AUTH_URL', label: 'Keystone address', required: false, secret: false },
    { name: 'OS_REGION_NAME', label: 'Region', required: false, secret: false },
    { name: 'OS_USERNAME', label: 'User name', required: false, secret: false },
    { name: 'OS_PASSWORD', label: 'Password of the user', required: false, secret: true },
    { name: 'OS_USER_DOMAIN_NAME', label: 'Domain of the user', required: false, secret: false },
    { name: 'OS_PROJECT_NAME', label: 'Project', required: false, secret: false },
    { name: 'OS_PROJECT_DOMAIN_NAME', label: 'Domain of the project', required: false, secret: false },
    {
      name: 'OS_APPLICATION_CREDENTIAL_ID',
      label: 'Application credential, id',
      required: false,
      secret: false,
    },
    {
      name: 'OS_APPLICATION_CREDENTIAL_SECRET',
      label: 'Application credential, secret',
      required: false,
      secret: true,
    },
    { name: 'OS_STORAGE_URL', label: 'Storage address, with a token', required: false, secret: false },
    { name: 'OS_AUTH_TOKEN', label: 'Token', required: false, secret: true },
    { name: 'ST_AUTH', label: 'TempAuth address (version 1)', required: false, secret: false },
    { name: 'ST_USER', label: 'TempAuth user', required: false, secret: false },
    { name: 'ST_KEY', label: 'TempAuth key', required: false, secret: true },
  ],
}

/** The ways in, where there are several: one of them is to be given whole. The first name is where it is said. */
export const WAYS_IN: Partial<
  Record<BackendKind, { ways: readonly (readonly string[])[]; missing: string }>
> = {
  azure: {
    ways: [['AZURE_ACCOUNT_KEY'], ['AZURE_ACCOUNT_SAS']],
    missing: 'Give the account key, or a SAS token.',
  },
  swift: {
    ways: [
      ['OS_AUTH_URL', 'OS_USERNAME', 'OS_PASSWORD'],
      ['OS_AUTH_URL', 'OS_APPLICATION_CREDENTIAL_ID', 'OS_APPLICATION_CREDENTIAL_SECRET'],
      ['OS_STORAGE_URL', 'OS_AUTH_TOKEN'],
      ['ST_AUTH', 'ST_USER', 'ST_KEY'],
    ],
    missing:
      'Give Keystone’s address with a user and password or an application credential; or a storage address and token; or TempAuth’s three.',
  },
}

/** What is missing of the access keys, by the names of the environment. */
export function environmentProblems(
  kind: BackendKind,
  environment: Readonly<Record<string, string>>,
): Record<string, string> {
  const given = (name: string) => (environment[name] ?? '').trim() !== ''
  const problems: Record<string, string> = {}
  for (const { name, required } of ENVIRONMENT[kind]) {
    if (required && !given(name)) problems[name] = 'This is needed.'
  }
  const several = WAYS_IN[kind]
  const first = several?.ways[0]?.[0]
  if (several !== undefined && first !== undefined && !several.ways.some((way) => way.every(given))) {
    problems[first] = several.missing
  }
  return problems
}
