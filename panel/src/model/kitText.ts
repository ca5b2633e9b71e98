// The recovery kit as a sheet of paper: what is printed, copied and downloaded. Pure.

export interface KitSheet {
  words: readonly string[]
  coordinator: string
  fingerprint: string
  fingerprintWords: readonly string[]
  /** `2026-11-20`. */
  date: string
}

/** Plain text, four words to a line, numbered. */
export function kitText(sheet: KitSheet): string {
  const lines = [
    'restic-manager recovery kit',
    '',
    `Coordinator: ${sheet.coordinator}`,
    `Fleet: ${sheet.fingerprint}`,
    `Fleet in words: ${sheet.fingerprintWords.join(' ')}`,
    `Made: ${sheet.date}`,
    '',
    ...rows(sheet.words, 4).map((row) =>
      row
        .map(({ n, word }) => `${String(n).padStart(2)}. ${word.padEnd(9)}`)
        .join(' ')
        .trimEnd(),
    ),
    '',
    'Whoever has these 24 words owns the fleet: they approve hosts and read every stored secret.',
    'Keep them on paper or in a safe, away from this computer. Nobody can make them again.',
    '',
  ]
  return lines.join('\n')
}

function rows(words: readonly string[], width: number) {
  const numbered = words.map((word, index) => ({ n: index + 1, word }))
  return Array.from({ length: Math.ceil(words.length / width) }, (_, row) =>
    numbered.slice(row * width, (row + 1) * width),
  )
}

/** Does what a person typed back match the word? Case and white space do not matter. */
export function sameWord(typed: string, word: string): boolean {
  return typed.trim().toLowerCase() === word
}
