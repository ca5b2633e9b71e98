// Something of this page as a file of the person's computer.

/** Long enough for the browser to have begun. */
const ADDRESS_STAYS_MS = 60_000

export function saveFile(name: string, content: Blob): void {
  const address = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), ADDRESS_STAYS_MS)
}
