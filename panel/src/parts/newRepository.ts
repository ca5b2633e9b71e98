// The empty form of a repository, with a password of its own made already: one per host, unless a person types another.

import { EMPTY_REPOSITORY, type RepositoryDraft } from '../model/repository'
import { generatePassword, isSecure } from '../seal'

/** Where this page may not make secrets the password stays empty; nothing can be saved there anyway. */
export function newRepository(): RepositoryDraft {
  return { ...EMPTY_REPOSITORY, password: isSecure() ? generatePassword() : '' }
}
