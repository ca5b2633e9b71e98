// The panel's own controls. Pages and parts import from here, and never from Mantine.

export { Button, type ButtonLook, DownloadButton, IconButton, LinkButton } from './ui/Button'
export {
  type Choice,
  NumberField,
  RadioField,
  SegmentField,
  SelectField,
  SwitchField,
  TagsField,
} from './ui/Choice'
export { ConfirmDialog } from './ui/ConfirmDialog'
export { CopyText, toClipboard } from './ui/CopyText'
export { useNow } from './ui/clock'
export { type Column, DataTable, type More } from './ui/DataTable'
export { Dialog } from './ui/Dialog'
export { Chart, Progress, Sparkline } from './ui/Draw'
export {
  CheckField,
  FieldRow,
  FieldStack,
  HiddenAreaField,
  LinesField,
  lines,
  PasswordField,
  TextAreaField,
  TextField,
} from './ui/Field'
export { FileField } from './ui/FileField'
export { FormActions } from './ui/FormActions'
export { keepFootClear } from './ui/foot'
export { Icon, type IconName } from './ui/Icon'
export { Menu, type MenuItem } from './ui/Menu'
export {
  Actions,
  Cluster,
  Facts,
  LinkTabs,
  Page,
  Section,
  Stack,
  type TileItem,
  Tiles,
  useCurrentInSight,
  useTitle,
} from './ui/Page'
export { SearchField } from './ui/SearchField'
export { EmptyState, ErrorState, Notice, Skeleton } from './ui/States'
export { Badge, Chip, StatusDot, type Tone } from './ui/Status'
export { Bytes, Count, Duration, ExactTime, RelativeTime } from './ui/Time'
export { describe, Toasts, toast } from './ui/Toast'
export { type Drawn, Tree, type TreeRow } from './ui/Tree'
