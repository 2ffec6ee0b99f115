import { json } from '../../service/answer.ts';
import { type Handler, jsonObject, pageOf } from '../call.ts';
import { refuse } from '../errors.ts';
import { DONE, type SlsRequest } from '../http.ts';
import type { Project } from '../state/project.ts';
import { addProject, projectOf, removeProject } from '../state/state.ts';

/** Without a `size`. */
const LIST_SIZE = 100;

/** CreateProject: body `{ projectName, description }`. The host need not name the project: it does not exist yet. */
export const createProject: Handler = (call) => {
  const { projectName, description } = jsonObject(call);
  if (typeof projectName !== 'string') throw refuse.parameterInvalid('projectName is invalid');
  addProject(call.state, projectName, typeof description === 'string' ? description : '', call.nowMs);
  return DONE;
};

/** DeleteProject: with all that is in it. */
export const deleteProject: Handler = (call) => {
  removeProject(call.state, call.request.project);
  return DONE;
};

/** GetProject */
export const getProject: Handler = (call) => json(viewOf(projectOf(call.state, call.request.project)));

/** ListProject: `projectName` filters by part of the name, `offset` and `size` page. */
export const listProjects: Handler = (call) => {
  const { projectName = '' } = call.request.query;
  const found = [...call.state.projects.values()]
    .filter(({ name }) => name.includes(projectName))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const page = pageOf(call, found, LIST_SIZE);
  return json({ count: page.length, total: found.length, projects: page.map(viewOf) });
};

/**
 * Whether it is the list of projects that is asked for, which has the path of GetProject: where the host names no project,
 * or there are parameters, as GetProject has none. Any endpoint may stand in the host of whoever comes through a proxy.
 */
export function asksForProjects({ project, query }: SlsRequest): boolean {
  return project === '' || ['projectName', 'offset', 'size'].some((name) => query[name] !== undefined);
}

/** A project as the API shows it. */
function viewOf({ name, description, createdAtSec }: Project): Record<string, unknown> {
  const createTime = new Date(createdAtSec * 1000).toISOString();
  return {
    projectName: name,
    description,
    status: 'Normal',
    region: 'local',
    owner: '',
    createTime,
    lastModifyTime: createTime,
    resourceGroupId: '',
    dataRedundancyType: 'LRS',
    recycleBinEnabled: false,
    location: '',
    quota: {},
  };
}
