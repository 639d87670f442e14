"""JupyterHub for a class on one computer, where each learner has an account of the system.

`make hub` installs JupyterHub, and `make handout` writes what each learner gets. Then, as root:
.hub/venv/bin/jupyterhub -f helpers/teaching/jupyterhub_config.py. `docs/hub.md` explains it.
"""

from pathlib import Path

c = get_config()  # noqa: F821 # pyrefly: ignore[unknown-name], JupyterHub supplies it

COURSE = Path(__file__).resolve().parents[2]
FOLDER = "exporting-models"  # of the hand-out, in the home folder of each learner
LEARNERS = "learners"  # the group of the system whose members may log in
HOUR = 3600  # seconds

# Learners log in with the password of their account, so the hub does not listen to the network
# without encryption. A web server with TLS passes the requests on, see docs/hub.md.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {LEARNERS}
c.ConfigurableHTTPProxy.command = [
    str(COURSE / ".hub/npm/node_modules/.bin/configurable-http-proxy")
]

# The server of a learner is a process of the learner, with the Python of the course.
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.cmd = [str(COURSE / ".venv/bin/python"), str(COURSE / "helpers/teaching/single_user.py")]
c.Spawner.environment = {"COURSE_HANDOUT": str(COURSE / "dist/exporting-models.zip")}
# The page that shows where the class is, and draws for each learner: see docs/instructors.md.
c.Spawner.env_keep.extend(["COURSE_ROOM", "COURSE_DRAW"])
c.Spawner.notebook_dir = f"~/{FOLDER}"
c.Spawner.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
# A whole class starts in the same minute.
c.Spawner.start_timeout = c.Spawner.http_timeout = 180
# On a busy computer, a server needs more than the usual 10 s to end its kernels. If it is killed
# before, the processes that fork kernels live some minutes longer.
c.LocalProcessSpawner.interrupt_timeout = c.LocalProcessSpawner.term_timeout = 60

# A kernel that computes nothing for an hour ends, also if its notebook is open in a browser. A
# server without kernels ends an hour later. The files of the learner stay.
c.Spawner.args = [
    f"--MappingKernelManager.cull_idle_timeout={HOUR}",
    "--MappingKernelManager.cull_interval=60",
    "--MappingKernelManager.cull_connected=True",
    f"--ServerApp.shutdown_no_activity_timeout={HOUR}",
]
