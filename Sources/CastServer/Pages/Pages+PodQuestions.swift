package import CastCore
import Foundation

/// The pages that ask before pods are ended.
extension Pages {
    /// Asks before a pod is ended.
    package func endPod(_ pod: Pod) -> String {
        self.confirm(
            question: "Terminate pod \(pod.instance)?",
            sentence: """
                It \(pod.isReady ? "works: its jobs go back to the queue, and it is" : "is") ended. It bills until the \
                provider says that it is gone.
                """,
            isAny: pod.isOpen, action: PageAddress.pod(pod.instance, "end"), label: "Terminate \(pod.instance)")
    }

    /// Asks before all pods are ended.
    package func endAllPods(count: Int) -> String {
        self.confirm(
            question: "Terminate all pods?",
            sentence: count == 0
                ? "No pod is there."
                : """
                \(PageText.count(count, "pod is", "pods are")) ended, and nobody else's. Their jobs go back to the \
                queue; scaling may buy new ones for them, unless it is off.
                """,
            isAny: count > 0, action: "/settings/runpod/end", label: "Terminate \(PageText.count(count, "pod", "pods"))"
        )
    }

    private func confirm(question: String, sentence: String, isAny: Bool, action: String, label: String) -> String {
        let fields: Fields = [
            "question": question, "sentence": sentence, "isAny": isAny, "action": action, "label": label,
        ]
        return self.render(
            "end-pods", question, fields,
            crumbs: [("Podcasts", "/"), ("Settings", "/settings"), ("RunPod", "/settings/runpod")], place: .settings)
    }
}
