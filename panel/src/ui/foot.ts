// What stands at the foot of the window, such as a bar to save by: messages and focused fields keep clear of it.

/** For the `ref` of the element: tells base.css and the messages how high it is, while it is there. */
export function keepFootClear(element: HTMLElement | null): (() => void) | undefined {
  if (element === null) return undefined
  const root = document.documentElement.style
  const observer = new ResizeObserver(() => root.setProperty('--rm-foot', `${element.offsetHeight}px`))
  observer.observe(element)
  return () => {
    observer.disconnect()
    root.removeProperty('--rm-foot')
  }
}
