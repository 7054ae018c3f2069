import { toJson, type JobChildInfo, type JobInfo } from '../../typescript';
import type { View } from './objects';
import { shownEnum } from './session-view';
import { oneLine } from './table';

const longestText = 40;

/** How jobs are shown: PowerShell's columns of Get-Job. */
export const jobView: View<JobInfo> = {
  columns: [
    { title: 'Id', align: 'right', of: ({ number }) => number.toString() },
    { title: 'Name', of: ({ name }) => name },
    { title: 'PSJobTypeName', of: ({ typeName }) => typeName },
    { title: 'State', of: ({ state }) => shownEnum(state, 'JOB_STATE_') },
    { title: 'HasMoreData', of: ({ hasMoreData }) => (hasMoreData ? 'True' : 'False') },
    { title: 'Location', of: ({ location }) => cut(location) },
    { title: 'Command', of: ({ command }) => cut(command) },
    { title: 'StatusMessage', of: ({ statusMessage }) => statusMessage },
  ],
  name: ({ name }) => name,
  json: (job) => toJson(job, 'emit'),
};

/** How a job's children are shown. */
export const childView: View<JobChildInfo> = {
  columns: [
    { title: 'Id', align: 'right', of: ({ number }) => number.toString() },
    { title: 'Name', of: ({ name }) => name },
    { title: 'Location', of: ({ location }) => location },
    { title: 'State', of: ({ state }) => shownEnum(state, 'JOB_STATE_') },
    { title: 'Outcome', of: outcomeOf },
    { title: 'HasMoreData', of: ({ hasMoreData }) => (hasMoreData ? 'True' : 'False') },
    { title: 'Reason', of: ({ problem }) => (problem === undefined ? '' : cut(problem.message)) },
  ],
  name: ({ name }) => name,
  json: (child) => toJson(child, 'emit'),
};

/** A line of a listing: a job, or one of its children. */
export type JobRow = { readonly job: JobInfo; readonly child?: JobChildInfo };

/** A job, and its children where the listing has them. */
export function rowsOf(job: JobInfo): readonly JobRow[] {
  return [{ job }, ...job.children.map((child) => ({ job, child }))];
}

/** How a listing of jobs and children is shown: a child in the columns of its job. */
export const rowView: View<JobRow> = {
  columns: jobView.columns.map(({ of, ...column }) => ({
    ...column,
    of: ({ job, child }: JobRow) =>
      of(child === undefined ? job : { ...job, ...child, typeName: '', statusMessage: statusOf(child) }),
  })),
  name: ({ job, child }) => (child ?? job).name,
  json: ({ job, child }) => (child === undefined ? jobView.json(job) : childView.json(child)),
};

/** Empty while it is not over. */
function outcomeOf({ outcome }: JobChildInfo): string {
  return shownEnum(outcome, 'JOB_OUTCOME_').replace('Unspecified', '');
}

function statusOf(child: JobChildInfo): string {
  return child.problem === undefined ? outcomeOf(child) : cut(child.problem.message);
}

function cut(text: string): string {
  const line = oneLine(text);
  return line.length > longestText ? `${line.slice(0, longestText - 1)}…` : line;
}
