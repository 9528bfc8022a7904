/** The question before a large delete: asked by actions, answered in a dialog. */
import { createValue } from '../api/value.ts'

export interface Question {
  readonly name: string
  readonly entries: number
  readonly bytes: number
  answer(yes: boolean): void
}

export const question = createValue<Question | null>(null)

/** True if the user wants it. */
export function askToDelete(facts: Omit<Question, 'answer'>): Promise<boolean> {
  return new Promise((resolve) => {
    question.set({
      ...facts,
      answer(yes) {
        question.set(null)
        resolve(yes)
      },
    })
  })
}
