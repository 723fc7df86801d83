package import CastCore
import Foundation
import Synchronization

/// The fleet at one look, for the page and the API.
package struct FleetStatus: Sendable, Equatable {
    package struct Money: Sendable, Equatable {
        package var kind: BudgetPeriod.Kind
        package var cap: CastCore.Money?
        package var spent: CastCore.Money
        package var reserved: CastCore.Money
    }

    package var settings: FleetSettings
    /// Open ones, and those that ended within the last day; the newest first.
    package var pods: [Pod]
    /// By instance: what each pod costs so far, and what it got done.
    package var runs: [InstanceID: PodRun]
    /// This server's pods in the provider's last list; nil when no list was ever read.
    package var listed: [ProviderPod]?
    /// What is wrong with the provider, if anything.
    package var trouble: String?
    /// Why no pod can be started now; nil: one can.
    package var obstacle: String?
    /// Why scaling buys nothing now, whatever waits.
    package var hold: String?
    package var money: [Money]
    /// What waits for a worker; nil when it cannot be read.
    package var queue: QueueView?
    /// What scaling makes of it: what it would buy if it was on and nothing held it.
    package var decision: ScalePolicy.Decision?
    /// What the server was seen to send to pods.
    package var uplink: Uplink

    package var activePods: [Pod] { self.pods.filter(\.isOpen) }
}

extension FleetController {
    package func status() async throws -> FleetStatus {
        let settings = try await self.surroundings.settings()
        let now = self.now
        let books = try await self.store.books(at: now)
        let pods = books.pods.values.sorted { $0.plannedAt > $1.plannedAt }
        let (list, trouble) = self.memory.withLock { ($0.list, $0.trouble) }
        let budget = books.budget(settings.caps, at: now)
        let known = Set(pods.compactMap { $0.rental?.pod })
        var runs: [InstanceID: PodRun] = [:]
        for run in books.runs.values.sorted(by: { $0.startedAt < $1.startedAt }) { runs[run.instance] = run }
        let queue = await self.attempt("the queue cannot be read") { try await self.surroundings.queue() }
        let uplink = self.surroundings.uplink()
        return FleetStatus(
            settings: settings, pods: pods, runs: runs, listed: list?.pods.filter { known.contains($0.id) },
            trouble: trouble, obstacle: await self.obstacle(books, settings),
            hold: Self.hold(books, at: now)?.reason,
            money: BudgetPeriod.Kind.allCases.map { kind in
                let period = BudgetPeriod(kind, containing: now)
                return FleetStatus.Money(
                    kind: kind, cap: settings.caps[kind], spent: budget.spent(in: period, at: now),
                    reserved: budget.reserved(in: period, at: now))
            },
            queue: queue,
            decision: queue.map { settings.scaling.decide(Self.inputs(books, $0, settings, uplink), at: now) },
            uplink: uplink)
    }

    private func obstacle(_ books: FleetBooks, _ settings: FleetSettings) async -> String? {
        guard settings.isEnabled else { return "RunPod not enabled" }
        do {
            _ = try await self.address(settings)
        } catch let error as CastError {
            return error.message
        } catch {
            return "\(error)"
        }
        let open = books.openPods.count
        guard open < settings.maxPods else { return "Max pods (\(settings.maxPods)) reached" }
        return self.lackOfMeans(books, settings)
    }

    /// Whether settings and budget would refuse a pod, by the prices that were last read.
    ///
    /// Before any were, by a price so low that what it does not fit into fits nothing.
    private func lackOfMeans(_ books: FleetBooks, _ settings: FleetSettings) -> String? {
        let now = self.now
        guard let offers = self.memory.withLock({ $0.offers }) else {
            let grant = books.budget(settings.caps, at: now).grant(
                at: CastCore.Money(micros: 10_000), from: now, lifetime: settings.maxLifetime)
            if case .refused(let refusal) = grant { return refusal.words }
            return nil
        }
        do {
            try Self.checkMeans(books, offers, settings, at: now)
            return nil
        } catch {
            return (error as? CastError)?.message ?? "\(error)"
        }
    }
}
