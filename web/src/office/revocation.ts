/** The words of taking an admission back. */
import { area } from '../text'

const zh = {
  heading: '撤销竞买资格',
  lead: '申请编号见受理时的记录。提交后由审批人员批准；竞价结束前有效，批准后该竞买人的报价立即不再受理，并告知本人原因。',
  application: '申请编号',
  idOf: (id: string) => `申请编号 ${id}`,
  cause: '原因',
  causes: { FALSE_DOCUMENTS: '文件虚假', COLLUSION: '串标围标', BLOCKED: '限制竞买', DOCUMENTS_MISSING: '缺件逾期未补', NOT_QUALIFIED: '不符合资格条件', OTHER: '其他' } as Record<string, string>,
  text: '告知竞买人的理由',
  ask: '提交撤销申请',
  asked: '已提交，待审批人员批准',
  act: '撤销资格',
}

const en: typeof zh = {
  heading: 'Revoke an admission',
  lead: 'The application’s id stands in the file of its review. An approver must agree; it works until bidding is over. From then on the bidder’s bids are refused and he is told why.',
  application: 'Application id',
  idOf: (id) => `application ${id}`,
  cause: 'Cause',
  causes: { FALSE_DOCUMENTS: 'False documents', COLLUSION: 'Collusion', BLOCKED: 'Blocked bidder', DOCUMENTS_MISSING: 'Documents not handed in', NOT_QUALIFIED: 'Not qualified', OTHER: 'Other' },
  text: 'What the bidder is told',
  ask: 'Ask for the revocation',
  asked: 'Submitted; an approver must agree',
  act: 'Revoke admission',
}

export const v = area(zh, en)
