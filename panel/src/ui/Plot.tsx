// One line over time, by uPlot; loaded only when a chart is shown. Redrawn when the theme or the width changes.

import { useMantineColorScheme } from '@mantine/core'
import { useEffect, useRef } from 'react'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { ChartProps } from './Draw'
import styles from './Draw.module.css'

export default function Plot({ times, values, label, format, height = 180 }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const { colorScheme } = useMantineColorScheme()

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are read from the theme when it changes
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const style = getComputedStyle(element)
    const colour = (name: string) => style.getPropertyValue(name).trim()
    const axis = {
      stroke: colour('--rm-muted'),
      grid: { stroke: colour('--rm-line'), width: 1 },
      ticks: { show: false },
    }
    const plot = new UPlot(
      {
        width: Math.max(200, element.clientWidth),
        height,
        cursor: { y: false, points: { size: 6 } },
        legend: { live: true },
        scales: { y: { range: (_, low, high) => [Math.min(0, low), high === 0 ? 1 : high * 1.08] } },
        axes: [axis, { ...axis, size: 76, values: (_, splits) => splits.map((value) => format(value)) }],
        series: [
          { label: 'Time' },
          {
            label,
            stroke: colour('--rm-accent'),
            fill: `${colour('--rm-accent')}22`,
            width: 2,
            points: { show: times.length < 40 },
            value: (_, value) => (value === null || value === undefined ? '–' : format(value)),
          },
        ],
      },
      [times.map((at) => at / 1000), [...values]],
      element,
    )
    const observer = new ResizeObserver(() =>
      plot.setSize({ width: Math.max(200, element.clientWidth), height }),
    )
    observer.observe(element)
    return () => {
      observer.disconnect()
      plot.destroy()
    }
  }, [times, values, label, format, height, colorScheme])

  const last = values.at(-1)
  const summary =
    last === undefined
      ? `${label}: nothing yet`
      : `${label}: ${format(last)} at the end of ${values.length} points`
  return <div ref={place} className={styles.plot} role="img" aria-label={summary} />
}
