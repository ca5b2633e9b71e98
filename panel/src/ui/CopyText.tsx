// Monospace text with a button that copies it: commands, fingerprints, ids.

import { useEffect, useRef, useState } from 'react'
import styles from './CopyText.module.css'
import { Icon } from './Icon'

const TOLD_MS = 2_000

interface CopyProps {
  text: string
  /** What it is, for the button: "Copy the command". */
  what: string
  /** A command over several lines, rather than a word within a sentence. */
  block?: boolean
  /** Shown instead of the text itself. */
  shown?: string
  'data-testid'?: string
}

export function CopyText({ text, what, block = false, shown, ...rest }: CopyProps) {
  const [told, setTold] = useState<'' | 'Copied' | 'Select it and copy by hand'>('')
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const code = useRef<HTMLElement>(null)
  useEffect(() => () => clearTimeout(timer.current), [])

  async function copy() {
    clearTimeout(timer.current)
    if (await toClipboard(text)) setTold('Copied')
    else {
      if (code.current !== null) window.getSelection()?.selectAllChildren(code.current)
      setTold('Select it and copy by hand')
    }
    timer.current = setTimeout(() => setTold(''), TOLD_MS)
  }

  return (
    <span className={styles.copy} data-block={block} {...rest}>
      <code ref={code} tabIndex={block ? 0 : undefined}>
        {shown ?? text}
      </code>
      <button type="button" onClick={() => void copy()} aria-label={`Copy ${what}`} title={`Copy ${what}`}>
        <Icon name={told === 'Copied' ? 'check' : 'copy'} size={14} />
      </button>
      <span role="status" className={told === '' ? 'rm-visually-hidden' : styles.told}>
        {told}
      </span>
    </span>
  )
}

/** Also where the clipboard API is missing: plain http that is not localhost. */
export async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    area.style.position = 'fixed'
    area.style.opacity = '0'
    document.body.append(area)
    area.select()
    const done = document.execCommand('copy')
    area.remove()
    return done
  }
}
