// The routes below one host. Pages are fetched when they are first opened.

import type { RouteObject } from 'react-router'

export const hostRoutes: RouteObject[] = []
