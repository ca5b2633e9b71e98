// Dark, light, or as the system wishes, and the switch. The system decides until the person chooses, in this browser.

import { localStorageColorSchemeManager, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'

/** `auto`: as the system wishes. */
export type Chosen = 'auto' | 'dark' | 'light'

/** For the provider at the root. */
export const scheme = {
  defaultColorScheme: 'auto',
  colorSchemeManager: localStorageColorSchemeManager({ key: 'rm-theme' }),
} as const

export function useColourScheme() {
  const scheme = useComputedColorScheme('dark', { getInitialValueInEffect: false })
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return {
    /** What is shown. */
    scheme,
    chosen: colorScheme as Chosen,
    choose: setColorScheme as (scheme: Chosen) => void,
    toggle: () => setColorScheme(scheme === 'dark' ? 'light' : 'dark'),
  }
}
