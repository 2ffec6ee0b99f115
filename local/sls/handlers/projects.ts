import { json } from '../../service/answer.ts';
import { type Handler, jsonObject } from '../call.ts';
import { refuse } from '../errors.ts';
import { DONE } from '../http.ts';
import { addProject, projectOf, removeProject } from '../state/state.ts';

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
export const getProject: Handler = (call) => {
  const project = projectOf(call.state, call.request.project);
  const createTime = new Date(project.createdAtSec * 1000).toISOString();
  return json({
    projectName: project.name,
    description: project.description,
    status: 'Normal',
    region: 'local',
    owner: '',
    createTime,
    lastModifyTime: createTime,
  });
};
