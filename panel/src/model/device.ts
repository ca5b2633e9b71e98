// What a browser or a program calls itself, in words. Pure. A guess for people to know their sessions by; nothing hangs on it.

/** The first that fits: those that pretend to be others stand before them. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:HeadlessChrome|Chromium)\//, 'Chromium'],
  [/\b(?:Chrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
  [/^curl\//, 'curl'],
  [/^Wget\//i, 'wget'],
  [/^python-requests\//i, 'a Python program'],
  [/^Go-http-client\//, 'a Go program'],
]

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac ?OS\b|\bMacintosh\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
  [/\bFreeBSD\b/, 'FreeBSD'],
]

const MOST_UNKNOWN = 60

/** `Firefox on Windows`; what nobody knows, as it calls itself. */
export function deviceInWords(agent: string | null): string {
  const text = agent?.trim() ?? ''
  if (text === '') return 'Unknown device'
  const browser = BROWSERS.find(([shape]) => shape.test(text))?.[1]
  const system = SYSTEMS.find(([shape]) => shape.test(text))?.[1]
  if (browser !== undefined) return system === undefined ? browser : `${browser} on ${system}`
  if (system !== undefined) return `A browser on ${system}`
  return text.length > MOST_UNKNOWN ? `${text.slice(0, MOST_UNKNOWN)}…` : text
}
