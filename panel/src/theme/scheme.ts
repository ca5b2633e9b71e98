// Dark or light, and the switch. The system's wish counts until the person chooses.

import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core'

export function useColourScheme() {
  const scheme = useComputedColorScheme('dark', { getInitialValueInEffect: false })
  const { setColorScheme } = useMantineColorScheme()
  return { scheme, toggle: () => setColorScheme(scheme === 'dark' ? 'light' : 'dark') }
}
