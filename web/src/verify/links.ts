/** The words under which other pages point to the verifier. */
import { area } from '../text'

export const links = area(
  { pack: '核验证据包', packHint: '在本机核验整场交易，不上传任何文件' },
  { pack: 'Verify an evidence pack', packHint: 'recompute a whole sale on this computer; nothing is uploaded' },
)
