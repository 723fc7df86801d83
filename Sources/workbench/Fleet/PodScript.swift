import Foundation

/// What a pod of the demo runs: the steps of a real one, without what cannot be here (a tailnet, a GPU).
enum PodScript {
    /// - Returns: The script's path.
    static func write(to folders: DemoFolders, program: String) throws -> String {
        let path = folders.run + "/pod.sh"
        let text = """
            #!/usr/bin/env bash
            # Runs as a pod's only process; it is started again whenever it ends, as RunPod does.
            set -euo pipefail
            report() {
              curl --silent --show-error --fail --max-time 10 -o /dev/null \\
                -H "X-Setup-Token: $SETUP_TOKEN" -H 'Content-Type: application/json' \\
                --data "{\\"phase\\": \\"$1\\", \\"message\\": \\"$2\\"}" \\
                "$SERVER_URL/api/runpod/pods/$INSTANCE_ID/setup-progress" || true
            }
            # The worker has left; the server ends this pod.
            if [[ -e left ]]; then exec sleep infinity; fi
            report connecting "looks for the server"
            curl --silent --fail --max-time 10 -o /dev/null "$SERVER_URL/api/health"
            export CAST2MD_HOME="$PWD/home"
            mkdir -p "$CAST2MD_HOME"
            for part in engines models; do ln -sfn '\(folders.home)'"/$part" "$CAST2MD_HOME/$part"; done
            report installing "registers the worker"
            '\(program)' node register --server "$SERVER_URL" --name "$NODE_NAME"
            report ready "the worker starts"
            # Shorter than at RunPod, so that nobody waits: two looks at an empty queue, three seconds apart.
            export NODE_EMPTY_QUEUE_WAIT=3
            '\(program)' node start --host 127.0.0.1 --port "$((20000 + RANDOM % 20000))"
            touch left

            """
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }
}
