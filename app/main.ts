/** The whole platform. `npm run synth` writes it to dist. */
import { PlatformApp } from 'cdk8s-hindsight';
import { Database } from './charts/database';
import { GitOps } from './charts/gitops';
import { Storage } from './charts/storage';
import { Api } from './charts/was';
import { Web } from './charts/web';
import { cluster } from './cluster';

const app = new PlatformApp({ cluster });
new Storage(app);
const { mysql } = new Database(app);
const { was } = new Api(app, mysql);
new Web(app, was);
new GitOps(app);
app.synth();
