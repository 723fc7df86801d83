import CastCore
import Foundation

/// How pods and money are written on a page.
enum PodText {
    /// Where a pod stands, in words.
    static func label(_ state: Pod.State) -> (label: String, tone: String) {
        switch state {
        case .creating(nil): ("Waits for a GPU", "wait")
        case .creating(.some): ("Asked for", "wait")
        case .starting: ("Fetches its image", "busy")
        case .connecting: ("Joins the network", "busy")
        case .installing: ("Sets itself up", "busy")
        case .ready(_, let worker): worker.idleSince == nil ? ("Works", "good") : ("Ready, without a job", "good")
        case .draining: ("Gives its jobs back", "wait")
        case .terminating: ("Is being ended", "wait")
        case .gone(_, let ending): ending.isFailure ? ("Failed", "bad") : ("Gone", "plain")
        }
    }

    static func label(_ kind: FleetEvent.Kind) -> (label: String, tone: String) {
        switch kind {
        case .pod: ("Pod", "plain")
        case .scaling: ("Scaling", "busy")
        case .sweep: ("Sweep", "wait")
        case .budget: ("Budget", "wait")
        case .alarm: ("Alarm", "bad")
        case .provider: ("Provider", "wait")
        }
    }

    static func label(_ period: BudgetPeriod.Kind) -> String {
        switch period {
        case .hour: "Hour"
        case .day: "Day"
        case .month: "Month"
        }
    }

    /// `$1,234.50`, to the cent; less than a cent is `<$0.01`.
    static func dollars(_ money: Money) -> String {
        let magnitude = money.micros.magnitude
        if magnitude > 0, magnitude < 10_000 { return money.micros < 0 ? "−$0.01" : "<$0.01" }
        let cents = (magnitude + 5_000) / 10_000
        let rest = cents % 100
        let whole = PageText.number(Int(clamping: cents / 100))
        return "\(money.micros < 0 ? "−" : "")$\(whole).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// Bytes a second as lines are sold.
    static func rate(_ bytesPerSecond: Double) -> String {
        let megabits = bytesPerSecond / 125_000
        return "\(String(format: megabits < 10 ? "%.1f" : "%.0f", megabits)) Mbit/s"
    }

    /// A text that began without a capital, as a sentence.
    static func sentence(_ text: String) -> String {
        guard let first = text.first, let last = text.last else { return "" }
        return first.uppercased() + text.dropFirst() + (".!?".contains(last) ? "" : ".")
    }
}
