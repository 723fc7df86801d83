package import CastCore
package import CastStore
import Foundation
package import PodFleet

/// What the page of the GPU pods shows.
package struct PodsView: Sendable {
    /// What is known without a provider: what is set, and what was kept from before.
    package var settings: FleetSettings
    /// Nil when no provider is configured.
    package var status: FleetStatus?
    /// Whether somebody has said where pods reach this server.
    package var hasAddress: Bool
    /// The last ones, the newest first.
    package var events: [FleetEvent]
    /// Those that somebody has to look at, of the last day.
    package var alarms: [FleetEvent]
    package var models: [PodModelStore.Model]
    /// The settings but the switch, which has its own place.
    package var rows: [SettingsView.Row]
    /// The switch: whether pods may be started.
    package var enabled: SettingsView.Row?
    package var notice: String?
    /// What did not work.
    package var problem: String?
    /// The last lines of what failed pods said.
    package var lastLines: [InstanceID: [String]] = [:]
    /// A model's name that was not taken.
    package var rejectedModel: String?

    package init(
        settings: FleetSettings, status: FleetStatus? = nil, hasAddress: Bool = false, events: [FleetEvent] = [],
        alarms: [FleetEvent] = [],
        models: [PodModelStore.Model] = [], rows: [SettingsView.Row] = [], enabled: SettingsView.Row? = nil,
        notice: String? = nil, problem: String? = nil
    ) {
        self.settings = settings
        self.status = status
        self.hasAddress = hasAddress
        self.events = events
        self.alarms = alarms
        self.models = models
        self.rows = rows
        self.enabled = enabled
        self.notice = notice
        self.problem = problem
    }
}
