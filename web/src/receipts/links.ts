/** The names of these pages, for links on others; kept apart from their long texts. */
import { area } from '../text'

export const links = area(
  { mine: '我的回执', verify: '核验回执', verifyHint: '任何人都可以用回执文件核验，无需登录' },
  { mine: 'My receipts', verify: 'Verify a receipt', verifyHint: 'anyone can check a receipt file, without signing in' },
)
