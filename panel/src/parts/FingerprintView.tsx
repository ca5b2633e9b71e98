// A fingerprint as people compare it: six words large, hex in groups below, both to copy.

import { fingerprintText, fingerprintWords } from '../seal'
import { CopyText } from '../ui'
import styles from './FingerprintView.module.css'

export function FingerprintView({
  hex,
  what,
  ...rest
}: {
  hex: string
  what: string
  'data-testid'?: string
}) {
  const words = fingerprintWords(hex)
  return (
    <div className={styles.print} {...rest}>
      <ol className={styles.words} aria-label={`The ${what} in words`}>
        {words.map((word, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a word may stand twice, its place never changes
          <li key={place}>{word}</li>
        ))}
      </ol>
      <CopyText text={fingerprintText(hex)} what={`the ${what}`} />
    </div>
  )
}
