// What is typed, a moment after the last key.

import { useEffect, useState } from 'react'

const AFTER_MS = 250

export function useDebouncedText(text: string): string {
  const [late, setLate] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setLate(text), AFTER_MS)
    return () => clearTimeout(timer)
  }, [text])
  return late
}
