// Signing out: here, and at the provider where one vouched for the session.

import { signOut } from '../../api/calls'
import { forgetKept } from '../../parts/kept'
import { paths } from '../../paths'
import { toast } from '../../ui'

export async function leave(): Promise<void> {
  try {
    const { provider_url } = await signOut()
    forgetKept()
    // A new document, so that nothing of what was read stays in memory.
    window.location.assign(provider_url ?? paths.signIn)
  } catch (error) {
    toast.failed('You are still signed in', error)
  }
}
