// The text of a file that a person chose. `File.text` is missing in some browsers that are in use still.

export function textOf(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(new Error('The file could not be read. Choose it again.'))
    reader.readAsText(file)
  })
}
