// An OpenID Connect provider for tests: the certified one of npm, with people of its own and no passwords. Who is asked for
// with `login_hint` is signed in at once; else a page asks who one is. New keys at each start.
//
// PROVIDER holds what it is told, as JSON:
//   port       it listens on 127.0.0.1
//   panel      the coordinator's public URL; its client is `fleet`
//   secret     the client's; without one the client is public
//   users      by subject: the claims of each
//   signed     whether the ID token holds all claims, or userinfo alone
//   algorithm  RS256 or ES256

import { generateKeyPairSync } from 'node:crypto'

const { Provider } = await import(
  new URL('../../panel/node_modules/oidc-provider/lib/index.js', import.meta.url).href
)
const told = JSON.parse(process.env.PROVIDER ?? '{}')
const issuer = `http://127.0.0.1:${told.port}`
const algorithm = told.algorithm ?? 'RS256'

function newKey() {
  const { privateKey } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: algorithm }
}

const client = {
  client_id: 'fleet',
  redirect_uris: [`${told.panel}/sso/callback`],
  post_logout_redirect_uris: [`${told.panel}/sign-in`],
  backchannel_logout_uri: `${told.panel}/api/v1/sso/office/backchannel-logout`,
  backchannel_logout_session_required: true,
  grant_types: ['authorization_code'],
  response_types: ['code'],
  id_token_signed_response_alg: algorithm,
  ...((told.secret ?? null) === null
    ? { token_endpoint_auth_method: 'none' }
    : { client_secret: told.secret, token_endpoint_auth_method: 'client_secret_basic' }),
}

const provider = new Provider(issuer, {
  clients: [client],
  jwks: { keys: [newKey()] },
  pkce: { required: () => true },
  claims: {
    openid: ['sub', 'sid'],
    profile: ['preferred_username', 'name'],
    email: ['email', 'email_verified'],
    groups: ['groups'],
  },
  scopes: ['openid', 'profile', 'email', 'groups'],
  conformIdTokenClaims: told.signed === false,
  enabledJWA: { idTokenSigningAlgValues: [algorithm] },
  features: {
    devInteractions: { enabled: false },
    // Its own page would fetch letters from elsewhere.
    rpInitiatedLogout: {
      enabled: true,
      logoutSource(ctx, form) {
        const button = '<button form="op.logoutForm" name="logout" value="yes">Sign out here too</button>'
        ctx.body = `<!doctype html><html lang="en"><title>Office</title><h1>Sign out?</h1>${form}${button}</html>`
      },
    },
    backchannelLogout: { enabled: true },
  },
  // Its own guard keeps it from calling addresses like this machine's, where the coordinator is.
  fetch: (url, { dispatcher: _guard, ...options }) => globalThis.fetch(url, options),
  cookies: { keys: ['for tests only'] },
  ttl: { Interaction: 600, Session: 3600, Grant: 3600, AccessToken: 600, IdToken: 600 },
  interactions: { url: (_, interaction) => `/who/${interaction.uid}` },
  findAccount: (_, subject) =>
    told.users[subject] && {
      accountId: subject,
      claims: () => ({ sub: subject, ...told.users[subject] }),
    },
  renderError(ctx, out) {
    ctx.type = 'html'
    ctx.body = `<!doctype html><title>Refused</title><h1>Refused</h1><p>${escaped(JSON.stringify(out))}</p>`
  },
})

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

/** Who are you? One button for each of them. */
function asking(uid) {
  const buttons = Object.keys(told.users).map(
    (subject) => `<p><a href="/who/${uid}?as=${encodeURIComponent(subject)}">I am ${escaped(subject)}</a></p>`,
  )
  const never = `<p><a href="/who/${uid}?as=">Never mind</a></p>`
  return `<!doctype html><html lang="en"><title>Office</title><h1>Who are you?</h1>${buttons.join('')}${never}</html>`
}

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/who/')) return next()
  const { uid, prompt, params, session } = await provider.interactionDetails(ctx.req, ctx.res)
  if (prompt.name === 'login') {
    const subject = params.login_hint ?? ctx.query.as
    if (subject === undefined) {
      ctx.type = 'html'
      ctx.body = asking(uid)
      return
    }
    const known = told.users[subject] !== undefined
    const result = known
      ? { login: { accountId: subject, amr: ['pwd'] } }
      : { error: 'access_denied', error_description: 'They did not want to' }
    return provider.interactionFinished(ctx.req, ctx.res, result)
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id })
  grant.addOIDCScope(params.scope)
  return provider.interactionFinished(ctx.req, ctx.res, { consent: { grantId: await grant.save() } })
})

provider.on('server_error', (_, error) => console.error(error))
provider.on('backchannel.error', (_, error) => console.error('back-channel logout', error))
provider.listen(told.port, '127.0.0.1', () => console.log('provides', issuer))
