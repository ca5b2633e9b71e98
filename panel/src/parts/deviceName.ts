// What this browser calls itself until its person says better.

import { deviceInWords } from '../model/device'

export function deviceName(): string {
  return deviceInWords(navigator.userAgent)
}
