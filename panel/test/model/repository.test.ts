import { describe, expect, it } from 'vitest'
import { firstPlan, otherProblems, pathProblems } from '../../src/model/firstPlan'
import {
  backendOf,
  draftProblems,
  EMPTY_REPOSITORY,
  fromPlanProblems,
  KINDS,
  locationOf,
  type RepositoryDraft,
  secretsOf,
} from '../../src/model/repository'

const draft = (changes: Partial<RepositoryDraft>): RepositoryDraft => ({
  ...EMPTY_REPOSITORY,
  password: 'pw',
  ...changes,
})

describe('a repository from what was typed', () => {
  it('spells destinations as restic does', () => {
    const spell = (changes: Partial<RepositoryDraft>) => locationOf(backendOf(draft(changes), 'web-1'))
    expect(spell({ kind: 'local', path: ' /srv/backup ' })).toBe('/srv/backup')
    expect(spell({ kind: 'sftp', host: 'nas', user: 'bk', path: 'repo', port: '2222' })).toBe(
      'sftp://bk@nas:2222/repo',
    )
    expect(spell({ kind: 'sftp', host: 'nas', user: 'bk', path: '/abs' })).toBe('sftp://bk@nas//abs')
    expect(spell({ kind: 'rest', url: 'https://b.example/' })).toBe('rest:https://b.example/web-1/')
    expect(spell({ kind: 'rest', url: 'https://b.example', path: '/x/' })).toBe('rest:https://b.example/x/')
    expect(spell({ kind: 's3', endpoint: 'https://s3.eu/', bucket: 'b', prefix: '/p' })).toBe(
      's3:https://s3.eu/b/p',
    )
    expect(spell({ kind: 'b2', bucket: 'b', prefix: 'p' })).toBe('b2:b:p')
    expect(spell({ kind: 'azure', bucket: 'c', prefix: 'p' })).toBe('azure:c:/p')
    expect(spell({ kind: 'gs', bucket: 'b', prefix: '' })).toBe('gs:b:/')
    expect(spell({ kind: 'rclone', remote: 'r', path: 'p' })).toBe('rclone:r:p')
  })

  it('seals what belongs to the kind and nothing else', () => {
    const typed = draft({
      kind: 'rest',
      loginPassword: 'lp',
      environment: { AWS_ACCESS_KEY_ID: 'left over from another kind' },
    })
    expect(secretsOf(typed, 'web-1')).toEqual([
      { slot: 'repository/main/password', value: 'pw' },
      { slot: 'repository/main/login', value: '{"user":"web-1","password":"lp"}' },
    ])
    const s3 = draft({
      kind: 's3',
      loginPassword: 'lp',
      environment: { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key', AWS_SESSION_TOKEN: ' ' },
    })
    expect(secretsOf(s3, 'web-1')).toEqual([
      { slot: 'repository/main/password', value: 'pw' },
      {
        slot: 'repository/main/environment',
        value: '{"AWS_ACCESS_KEY_ID":"id","AWS_SECRET_ACCESS_KEY":"key"}',
      },
    ])
    expect(secretsOf(draft({ kind: 'local' }), 'h')).toHaveLength(1)
  })

  it('the plan never holds a secret', () => {
    for (const { value: kind } of KINDS) {
      const typed = draft({
        kind,
        password: 'S3CRET',
        loginPassword: 'S3CRET',
        environment: {
          AWS_SECRET_ACCESS_KEY: 'S3CRET',
          B2_ACCOUNT_KEY: 'S3CRET',
          AZURE_ACCOUNT_KEY: 'S3CRET',
        },
      })
      expect(JSON.stringify(firstPlan(backendOf(typed, 'h'), ['/etc']))).not.toContain('S3CRET')
    }
  })

  it('says what is missing', () => {
    expect(draftProblems(draft({ kind: 'rest', url: '', password: '' }))).toMatchObject({
      url: /./,
      password: /made/,
    })
    expect(draftProblems(draft({ kind: 'rest', url: 'https://x' }))).toEqual({})
    expect(
      Object.keys(
        draftProblems(draft({ kind: 'azure', bucket: 'c', environment: { AZURE_ACCOUNT_NAME: 'a' } })),
      ),
    ).toEqual(['AZURE_ACCOUNT_KEY'])
    expect(draftProblems(draft({ kind: 'local', path: '/x', password: 'a\nb' }))).toMatchObject({
      password: /one line/,
    })
  })

  it('puts the coordinator’s words at the form’s fields', () => {
    const problems = [
      { field: 'repositories.main.backend.container', message: '`x y` is not a name' },
      { field: 'groups.default.includes[1]', message: '`etc` must be an absolute path' },
      { field: 'limits.nice', message: 'must lie between -20 and 19' },
    ]
    expect(fromPlanProblems(problems)).toEqual({ bucket: '`x y` is not a name.' })
    expect(pathProblems(problems)).toBe('`etc` must be an absolute path')
    expect(otherProblems(problems)).toEqual(['limits.nice: must lie between -20 and 19'])
  })
})
