// A sentence of the coordinator's: what stands between backticks in it is to be typed or looked for exactly so.

export function Prose({ text }: { text: string }) {
  // What is between two of them stands at every odd place; one that has no other is text.
  const parts = text.split(/`([^`]+)`/)
  return parts.map((part, place) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never change places
    place % 2 === 1 ? <code key={place}>{part}</code> : part,
  )
}
