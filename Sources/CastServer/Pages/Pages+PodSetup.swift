import CastCore
import Foundation
import PodFleet

/// What has to be done before there can be pods.
extension Pages {
    func steps(_ view: PodsView) -> [Fields] {
        let steps: [(title: String, isDone: Bool, text: String)] = [
            (
                "The key to the account", false,
                """
                Set RUNPOD_API_KEY in the server's environment to a key of your RunPod account, and start the server \
                again. The key stays there: it is neither stored nor shown.
                """
            ),
            (
                "The address of this server", view.hasAddress,
                """
                Set RUNPOD_SERVER_URL to where pods reach this server, like http://your-server:8000, and \
                RUNPOD_SERVER_IP to its address in the tailnet; in the environment, or below.
                """
            ),
            (
                "The way into the tailnet", false,
                "Store a Tailscale auth key in your RunPod account as the secret ts_auth_key; pods join with it."
            ),
            (
                "Pods switched on", view.settings.isEnabled,
                "Switch them on below, or set RUNPOD_ENABLED=true. A budget for a day is a good idea, too."
            ),
        ]
        return steps.map { step in
            let isUnknown = step.title.contains("tailnet")
            return [
                "title": step.title, "text": step.text,
                "state": step.isDone ? "Done" : isUnknown ? "At RunPod" : "Missing",
                "tone": step.isDone ? "good" : isUnknown ? "plain" : "wait",
            ]
        }
    }

    /// Why no pod can be created now; nil: one can.
    func obstacle(_ view: PodsView) -> String? {
        guard let status = view.status else {
            return "No pod can be created: RunPod is not configured. Set RUNPOD_API_KEY in the server's environment."
        }
        return status.obstacle.map { "No pod can be created: \(PodText.sentence($0))" }
    }
}
