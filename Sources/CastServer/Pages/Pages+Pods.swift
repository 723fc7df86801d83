import CastCore
import CastStore
package import Foundation
import PodFleet

extension Pages {
    /// The pods that are there, what they cost, what waits for them, and how all of it is set.
    package func pods(_ view: PodsView, now: Date) -> String {
        let dates = PageDates(now: now, zone: self.zone)
        let open = view.status?.activePods ?? []
        let gone = (view.status?.pods ?? []).filter { !$0.isOpen }
        var fields: Fields = [
            "notice": view.notice.orFalse, "problem": view.problem.orFalse,
            "problemSentence": self.problemSentence(view.rows.count { $0.problem != nil }).orFalse,
            "isMissing": view.status == nil, "steps": self.steps(view), "isActive": !open.isEmpty,
            "hasTotals": view.status != nil, "totals": self.totals(view), "outlook": self.outlook(view),
            "trouble": view.status?.trouble.map { "The provider has trouble: \($0)" }.orFalse ?? false,
            "hold": view.status?.hold.map(PodText.sentence).orFalse ?? false,
            "obstacle": self.obstacle(view).orFalse,
            "podCount": PageText.number(open.count), "hasPods": !open.isEmpty,
            "pods": open.map { self.pod($0, view.status?.runs[$0.instance], dates, view.lastLines[$0.instance]) },
            "goneCount": PageText.number(gone.count), "hasGone": !gone.isEmpty,
            "gone": gone.map { self.pod($0, view.status?.runs[$0.instance], dates, view.lastLines[$0.instance]) },
            "hasMoney": view.status != nil, "money": self.money(view), "rows": view.rows.map(self.row),
            "alarms": view.alarms.map { self.event($0, dates) }, "hasEvents": !view.events.isEmpty,
            "events": view.events.map { self.event($0, dates) },
        ]
        fields.merge(self.power(view)) { $1 }
        fields.merge(self.models(view)) { $1 }
        return self.render(
            "pods", "RunPod", fields, crumbs: [("Podcasts", "/"), ("Settings", "/settings")], place: .settings,
            isActive: !open.isEmpty, announcement: "\(PageText.count(open.count, "pod", "pods")).")
    }

    // MARK: All together

    private func totals(_ view: PodsView) -> [Fields] {
        guard let status = view.status else { return [] }
        let open = status.activePods
        let (ready, coming) = (open.count(where: \.isReady), open.count(where: \.isOnItsWay))
        var totals: [(label: String, value: String, tone: String)] = [
            ("Pods that work", PageText.number(ready), ready > 0 ? "good" : ""),
            ("On their way", PageText.number(coming), coming > 0 ? "busy" : ""),
        ]
        let ending = open.count - ready - coming
        if ending > 0 { totals.append(("Being ended", PageText.number(ending), "")) }
        if let queue = status.queue {
            totals.append(("Jobs to be had", PageText.number(queue.claimableJobs), ""))
            totals.append(("Audio waiting", PageText.audio(queue.audioSeconds), ""))
        }
        if let rate = status.uplink.rate { totals.append(("Sent to pods", PodText.rate(rate), "")) }
        if status.uplink.share < 1 {
            let percent = Int(((1 - status.uplink.share) * 100).rounded())
            totals.append(("Audio from publishers", "\(percent) %", ""))
        }
        if let limit = status.uplink.limit { totals.append(("Uplink", PodText.rate(limit), "")) }
        if let day = status.money.first(where: { $0.kind == .day }) {
            totals.append(("Spent today", PodText.dollars(day.spent), ""))
        }
        return totals.map { ["label": $0.label, "value": $0.value, "tone": $0.tone] }
    }

    /// What the fleet makes of what waits.
    private func outlook(_ view: PodsView) -> String {
        guard let status = view.status else {
            return "Without a provider nothing is bought; nodes of your own work as ever."
        }
        guard let decision = status.decision else { return "The queue cannot be read now." }
        let would = "\(decision.buy == 0 ? "no pod" : PageText.count(decision.buy, "pod", "pods"))"
        let reason = PodText.sentence(decision.reason)
        if !view.settings.isAutoScaling {
            return "Scaling by itself is off. If it was on, it would buy \(would) now. \(reason)"
        }
        if !view.settings.isEnabled { return "Pods are switched off; else \(would) would be bought now. \(reason)" }
        return "Scaling buys \(would) now. \(reason)"
    }

    private func money(_ view: PodsView) -> [Fields] {
        (view.status?.money ?? []).map { money in
            let left = money.cap.map { $0 - money.spent - money.reserved }
            return [
                "period": PodText.label(money.kind), "spent": PodText.dollars(money.spent),
                "reserved": PodText.dollars(money.reserved),
                "cap": money.cap.map(PodText.dollars) ?? "no limit",
                "left": left.map { PodText.dollars(max($0, .zero)) } ?? "–",
            ]
        }
    }

    private func power(_ view: PodsView) -> Fields {
        let isOn = view.settings.isEnabled
        let meaning =
            isOn
            ? "Pods may be started." : "No pod is started. Those that are there go on until they are idle or ended."
        return [
            "enabledLabel": isOn ? "On" : "Off", "enabledTone": isOn ? "good" : "plain",
            "enabledNext": isOn ? "false" : "true", "enabledAction": isOn ? "Switch off" : "Switch on",
            "enabledFacts": "\(meaning) \(view.enabled.map { PodText.sentence(self.facts($0)) } ?? "")",
        ]
    }

    private func models(_ view: PodsView) -> Fields {
        let used = view.settings.model
        let isListed = view.models.contains { $0.id == used }
        let models = view.models.enumerated().map { number, model in
            [
                "number": number, "id": model.id, "name": model.displayName, "backend": model.backend.rawValue,
                "isUsed": model.id == used,
            ] as Fields
        }
        return [
            "models": models, "rejectedModel": view.rejectedModel ?? "",
            "unlisted": (isListed ? nil : "New pods run \(used), which is not on this list.").orFalse,
        ]
    }
}
