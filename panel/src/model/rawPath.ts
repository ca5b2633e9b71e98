// Paths of a snapshot as the API spells them: text as it is, a byte that is no text as `\xHH`, a backslash as two. Every
// path has one spelling, so that two can be compared as they stand. As wire/src/path.rs. Pure.

const utf8 = new TextEncoder()
const lossy = new TextDecoder('utf-8', { ignoreBOM: true })
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const ROOT = '/'

/** How long the character is that begins with this byte; 0: none begins with it. */
function lengthOf(first: number): number {
  if (first < 0x80) return 1
  if (first >= 0xc2 && first < 0xe0) return 2
  if (first >= 0xe0 && first < 0xf0) return 3
  return first >= 0xf0 && first < 0xf5 ? 4 : 0
}

/** The character that stands there, or nothing where the bytes are no text. */
function characterAt(bytes: Uint8Array, at: number): Uint8Array | null {
  const length = lengthOf(bytes[at] ?? 0xff)
  if (length === 0 || at + length > bytes.length) return null
  const piece = bytes.subarray(at, at + length)
  try {
    strict.decode(piece)
    return piece
  } catch {
    return null
  }
}

export function pathOfBytes(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const piece = characterAt(bytes, at)
    if (piece === null) {
      text += `\\x${(bytes[at] ?? 0).toString(16).toUpperCase().padStart(2, '0')}`
      at += 1
    } else {
      text += strict.decode(piece).replace('\\', '\\\\')
      at += piece.length
    }
  }
  return text
}

/** `null` for a spelling that is not the one. */
export function bytesOfPath(path: string): Uint8Array | null {
  const bytes = decode(path)
  return bytes === null || bytes.includes(0) || pathOfBytes(bytes) !== path ? null : bytes
}

function decode(path: string): Uint8Array | null {
  const parts: number[] = []
  let rest = path
  for (let at = rest.indexOf('\\'); at !== -1; at = rest.indexOf('\\')) {
    parts.push(...utf8.encode(rest.slice(0, at)))
    const mark = /^\\(?:\\|x([0-9A-F]{2}))/.exec(rest.slice(at))
    if (mark === null) return null
    parts.push(mark[1] === undefined ? 0x5c : Number.parseInt(mark[1], 16))
    rest = rest.slice(at + mark[0].length)
  }
  parts.push(...utf8.encode(rest))
  return Uint8Array.from(parts)
}

/** Of text that is not spelled yet, such as what restic printed. */
export function pathOfText(text: string): string {
  return text.replaceAll('\\', '\\\\')
}

/** Whether the name is no text altogether: what is shown then is not what it is. */
export function isNoText(path: string): boolean {
  return path.replaceAll('\\\\', '').includes('\\x')
}

/** They turn what stands beside them around, so that a name reads as another one, or break the line. */
const MISLEADING = /[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/**
 * For people: what is no text or would make the name read otherwise is a replacement mark, and what would break the line has a
 * picture.
 */
export function shownPath(path: string): string {
  return shownText(path.includes('\\') ? lossy.decode(decode(path) ?? utf8.encode(path)) : path)
}

/** The same for text that is no path. */
export function shownText(text: string): string {
  return text.replace(MISLEADING, '\ufffd').replace(/\p{Cc}/gu, (c) => {
    const code = c.codePointAt(0) ?? 0
    return code < 0x20 ? String.fromCodePoint(0x2400 + code) : code === 0x7f ? '\u2421' : '\ufffd'
  })
}

/** Absolute, and without a part that says nothing or goes up. */
export function isPlainAbsolute(path: string): boolean {
  if (path === ROOT) return true
  if (!path.startsWith('/')) return false
  return path
    .slice(1)
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..')
}

/** A name below this directory. */
export function joinPath(directory: string, name: string): string {
  return directory.endsWith('/') ? `${directory}${name}` : `${directory}/${name}`
}

/** The directory that it lies in; `null`: it is the root. */
export function parentOf(path: string): string | null {
  if (path === ROOT) return null
  const at = path.lastIndexOf('/')
  return at <= 0 ? ROOT : path.slice(0, at)
}

export function nameOf(path: string): string {
  return path === ROOT ? ROOT : path.slice(path.lastIndexOf('/') + 1)
}

/** Every directory on the way, from the root down to the path itself. */
export function trailOf(path: string): string[] {
  const trail = [ROOT]
  for (let at = path.indexOf('/', 1); at !== -1; at = path.indexOf('/', at + 1)) trail.push(path.slice(0, at))
  if (path !== ROOT) trail.push(path)
  return trail
}

/** Whether it is `directory` or lies below it. Both plain and absolute. */
export function isIn(path: string, directory: string): boolean {
  return directory === ROOT || path === directory || path.startsWith(`${directory}/`)
}

/** The deepest directory that all of them lie in, or are. */
export function commonOf(paths: readonly string[]): string {
  const [first, ...others] = paths
  if (first === undefined) return ROOT
  return trailOf(first).findLast((step) => others.every((path) => isIn(path, step))) ?? ROOT
}
