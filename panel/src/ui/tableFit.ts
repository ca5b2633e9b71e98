// Which columns of a table have room, by the width that its card has rather than the window's: a column left out is better
// than one that nobody can read. Where even the columns that always stay have none, the table scrolls inside its card.

import { type RefObject, useLayoutEffect, useState } from 'react'

export type Hide = 'md' | 'lg' | 'xl'
export type Rem = `${number}rem`

/** How many columns stand side by side. */
export function shownOf(columns: readonly Sized[], { dropped }: Fit): number {
  const gone = dropped.split(' ')
  return columns.filter(({ hideBelow }) => hideBelow === undefined || !gone.includes(hideBelow)).length
}

interface Sized {
  width?: Rem
  hideBelow?: Hide
}

export interface Fit {
  /** The columns left out, as the style sheet selects them. */
  dropped: string
  /** The least width of the table in px, where it has less: then it scrolls. */
  least: number | null
}

const LEVELS: readonly (readonly Hide[])[] = [[], ['xl'], ['xl', 'lg'], ['xl', 'lg', 'md']]
const FITS: Fit = { dropped: '', least: null }

/** What a column takes that shares what is left: the first names the row. */
const NAME_REM = 12
const SHARING_REM = 9

/** Up to this width of the window rows are cards. */
const CARDS_PX = 680

/** Below these widths of the window a level is left out whatever the room is. */
const WINDOWS: readonly (readonly [number, number])[] = [
  [900, 3],
  [1180, 2],
  [1500, 1],
]

/** `room` and `view`, the window's width, in px, `rem` the size of one. */
export function fitOf(columns: readonly Sized[], room: number, rem: number, view: number): Fit {
  // Not laid out; or cards, which have no columns.
  if (room === 0 || view <= CARDS_PX) return FITS
  const least = WINDOWS.find(([width]) => view <= width)?.[1] ?? 0
  const widths = columns.map(({ width, hideBelow }, place) => ({
    hide: hideBelow,
    px: rem * (width === undefined ? (place === 0 ? NAME_REM : SHARING_REM) : Number.parseFloat(width)),
  }))
  let fit = FITS
  for (const level of LEVELS.slice(least)) {
    const need = widths
      .filter(({ hide }) => hide === undefined || !level.includes(hide))
      .reduce((sum, { px }) => sum + px, 0)
    fit = { dropped: level.join(' '), least: need <= room ? null : Math.ceil(need) }
    if (fit.least === null) break
  }
  return fit
}

export function useFit(frame: RefObject<HTMLElement | null>, columns: readonly Sized[]): Fit {
  const [fit, setFit] = useState(FITS)
  useLayoutEffect(() => {
    const card = frame.current
    if (card === null) return
    const measure = () => {
      const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16
      const next = fitOf(columns, card.clientWidth, rem, window.innerWidth)
      setFit((before) => (before.dropped === next.dropped && before.least === next.least ? before : next))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(card)
    return () => observer.disconnect()
  }, [frame, columns])
  return fit
}
