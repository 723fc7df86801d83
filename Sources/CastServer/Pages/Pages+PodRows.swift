import CastCore
import Foundation

/// Single pods, and single events of the fleet.
extension Pages {
    func pod(_ pod: Pod, _ run: PodRun?, _ dates: PageDates, _ lastLines: [String]? = nil) -> Fields {
        let state = PodText.label(pod.state)
        return [
            "instance": pod.instance.text, "state": state.label, "tone": state.tone,
            "isPersistent": pod.isPersistent, "facts": self.facts(pod, run, dates),
            "message": PodText.sentence(pod.ending?.detail ?? pod.message),
            "purpose": pod.purpose, "isFailure": pod.ending?.isFailure == true, "isOpen": pod.isOpen,
            "hasLines": lastLines?.isEmpty == false, "lines": (lastLines ?? []).joined(separator: "\n"),
            "mayEnd": pod.ending == nil, "endAddress": PageAddress.pod(pod.instance, "end"),
            "persistAction": PageAddress.pod(pod.instance, "persistent"),
            "persistNext": pod.isPersistent ? "false" : "true",
            "persistLabel": pod.isPersistent ? "Let it leave when idle" : "Keep it when idle",
        ]
    }

    private func facts(_ pod: Pod, _ run: PodRun?, _ dates: PageDates) -> [String] {
        var facts: [String] = []
        if let run {
            facts.append("\(run.gpuName), \(run.cloud.rawValue)")
            facts.append("$\(run.pricePerHour) an hour")
            let money = PodText.dollars(run.money(at: dates.now))
            facts.append(pod.isOpen ? "\(money) so far" : run.billed == nil ? money : "\(money) billed")
        }
        if pod.isOpen {
            facts.append(self.age("wanted", pod.plannedAt, dates))
        } else if let ending = pod.ending {
            facts.append(self.age("ended", ending.at, dates))
        }
        if let run, run.jobs > 0 { facts.append("\(PageText.count(run.jobs, "job", "jobs")) done") }
        if !pod.model.isEmpty { facts.append(pod.model) }
        return facts
    }

    private func age(_ what: String, _ date: Date, _ dates: PageDates) -> String {
        "\(what) \(dates.recent(date)?["text"] as? String ?? "")"
    }

    func event(_ event: FleetEvent, _ dates: PageDates) -> Fields {
        let kind = PodText.label(event.kind)
        return [
            "at": dates.recent(event.at).orFalse, "kind": kind.label, "tone": kind.tone,
            "instance": (event.instance?.text).orFalse, "message": event.message,
        ]
    }
}

extension PageAddress {
    /// What is done with one pod.
    static func pod(_ instance: InstanceID, _ action: String) -> String {
        "/settings/runpod/pods/\(instance)/\(action)"
    }
}
