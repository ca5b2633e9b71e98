import 'fake-indexeddb/auto'
import { afterEach } from 'vitest'

if (typeof window !== 'undefined') {
  const { cleanup, configure } = await import('@testing-library/react')
  // Whole pages are drawn, on machines that are busy: only what never comes is late.
  configure({ asyncUtilTimeout: 5_000 })
  afterEach(() => cleanup())

  // The page's realm has an ArrayBuffer of its own, which Node's cryptography does not know: it is handed a copy in a Buffer.
  const { subtle } = globalThis.crypto
  for (const name of ['importKey', 'sign', 'deriveBits', 'encrypt', 'decrypt'] as const) {
    const own = subtle[name].bind(subtle) as (...all: unknown[]) => Promise<unknown>
    const known = (value: unknown): unknown => {
      const kind = Object.prototype.toString.call(value)
      if (kind === '[object ArrayBuffer]') return Buffer.from(new Uint8Array(value as ArrayBuffer))
      if (kind === '[object Uint8Array]') return Buffer.from(value as Uint8Array)
      if (kind !== '[object Object]') return value
      return Object.fromEntries(Object.entries(value as object).map(([field, one]) => [field, known(one)]))
    }
    Object.defineProperty(subtle, name, { value: (...all: unknown[]) => own(...all.map(known)) })
  }

  // jsdom has none of these, and Mantine asks for all.
  window.matchMedia ??= (query: string) =>
    ({
      matches: false,
      media: query,
      onchange: null,
      addEventListener: () => {},
      removeEventListener: () => {},
      addListener: () => {},
      removeListener: () => {},
      dispatchEvent: () => false,
    }) as MediaQueryList
  window.ResizeObserver ??= class {
    observe() {}
    unobserve() {}
    disconnect() {}
  }
  Element.prototype.scrollIntoView ??= () => {}
  // Text areas that grow listen for fonts that arrive.
  if (!('fonts' in document)) Object.defineProperty(document, 'fonts', { value: new EventTarget() })
}
