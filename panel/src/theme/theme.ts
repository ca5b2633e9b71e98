// Mantine wearing the panel's own tokens. Knows tokens.css; must not know pages.

import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core'

const accent: MantineColorsTuple = [
  '#e3f6f2',
  '#c7ece5',
  '#98dccf',
  '#6ed5c2',
  '#56c8b4',
  '#2fae99',
  '#17907d',
  '#0a7767',
  '#086658',
  '#054b41',
]

export const theme = createTheme({
  colors: { accent },
  primaryColor: 'accent',
  primaryShade: { dark: 4, light: 7 },
  autoContrast: true,
  fontFamily: 'var(--rm-font)',
  fontFamilyMonospace: 'var(--rm-mono)',
  headings: { fontFamily: 'var(--rm-font)', fontWeight: '600' },
  fontSizes: {
    xs: 'var(--rm-text-xs)',
    sm: 'var(--rm-text-sm)',
    md: 'var(--rm-text-md)',
    lg: 'var(--rm-text-lg)',
    xl: 'var(--rm-text-xl)',
  },
  spacing: { xs: 'var(--rm-2)', sm: 'var(--rm-3)', md: 'var(--rm-4)', lg: 'var(--rm-5)', xl: 'var(--rm-6)' },
  radius: {
    xs: '3px',
    sm: 'var(--rm-radius)',
    md: 'var(--rm-radius)',
    lg: 'var(--rm-radius-lg)',
    xl: '999px',
  },
  defaultRadius: 'sm',
  focusRing: 'auto',
  respectReducedMotion: true,
  cursorType: 'pointer',
})

const shared = {
  '--mantine-color-body': 'var(--rm-bg)',
  '--mantine-color-text': 'var(--rm-text)',
  '--mantine-color-bright': 'var(--rm-text)',
  '--mantine-color-dimmed': 'var(--rm-muted)',
  '--mantine-color-placeholder': 'var(--rm-muted)',
  '--mantine-color-anchor': 'var(--rm-accent-text)',
  '--mantine-color-default': 'var(--rm-raised)',
  '--mantine-color-default-hover': 'var(--rm-line)',
  '--mantine-color-default-color': 'var(--rm-text)',
  '--mantine-color-default-border': 'var(--rm-line)',
  '--mantine-color-error': 'var(--rm-bad)',
  '--mantine-color-disabled': 'var(--rm-sunken)',
  '--mantine-color-disabled-color': 'var(--rm-muted)',
  '--mantine-color-disabled-border': 'var(--rm-line)',
  '--mantine-primary-color-filled': 'var(--rm-accent)',
  '--mantine-primary-color-contrast': 'var(--rm-on-accent)',
  '--mantine-shadow-md': 'var(--rm-shadow)',
  '--mantine-shadow-xl': 'var(--rm-shadow)',
}

export const variables: CSSVariablesResolver = () => ({ variables: {}, dark: shared, light: shared })
