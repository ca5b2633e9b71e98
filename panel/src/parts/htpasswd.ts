// The line that a REST server's htpasswd file takes: bcrypt, made here, so that no password leaves the browser.

/** rest-server reads `$2y$`; the algorithm is the same as `$2b$`. */
export async function htpasswdLine(user: string, password: string): Promise<string> {
  const { hash } = await import('bcryptjs')
  const hashed = await hash(password, 10)
  return `${user}:${hashed.replace(/^\$2[abxy]\$/, '$2y$')}`
}
