// The fingerprint of an operator key in words, as its owner's browser shows it.

import type { DeviceKeyView } from '../../api/types.gen'
import { deviceFingerprint, fingerprintWords } from '../../seal'

/** Computed here from the key, not believed from the coordinator. */
export function KeyWords({ of }: { of: DeviceKeyView }) {
  return <code>{fingerprintWords(deviceFingerprint(of.key)).join(' ')}</code>
}
