/**
 * Traffic with a machine over the last minutes as a small area, the present in words beside it. Thirty lines of SVG instead of a charts
 * package: that would add about 100 KB compressed for one shape without axes.
 */
import { Tooltip } from '@mantine/core'
import type { NodeTraffic } from '../../shared/index.ts'
import classes from './MachineCard.module.css'
import { areaPath, totals, trafficSentence, trafficText } from './trafficText.ts'

const widthPx = 120
const heightPx = 22

interface Props {
  readonly traffic: NodeTraffic
  /** False: the machine is not there, which is more than quiet. */
  readonly isThere: boolean
}

export function Sparkline({ traffic, isThere }: Props) {
  const sentence = trafficSentence(traffic)
  return (
    <Tooltip label={sentence} multiline maw={300}>
      <div className={classes.traffic}>
        <svg viewBox={`0 0 ${widthPx} ${heightPx}`} preserveAspectRatio="none" role="img" aria-label={sentence}>
          <path d={areaPath(totals(traffic), widthPx, heightPx)} vectorEffect="non-scaling-stroke" />
        </svg>
        <span>{isThere ? trafficText(traffic) : ''}</span>
      </div>
    </Tooltip>
  )
}
