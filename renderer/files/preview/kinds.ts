/** How a file can be shown here, by its name. What scripts could run in (HTML) is shown as the text that it is. */
import { mediaTypeOf } from '../../../shared/mediaTypes.ts'

export type PreviewKind = 'picture' | 'video' | 'audio' | 'pdf' | 'text' | 'none'

const pictures = /^image\/(?:png|jpeg|gif|webp|avif|bmp|svg\+xml|x-icon)$/
const texts = /^text\/|^application\/(?:json|xml|yaml)$/

export function previewKindOf(name: string): PreviewKind {
  const type = mediaTypeOf(name)
  if (pictures.test(type)) return 'picture'
  if (type.startsWith('video/')) return 'video'
  if (type.startsWith('audio/')) return 'audio'
  if (type === 'application/pdf') return 'pdf'
  return texts.test(type) ? 'text' : 'none'
}
