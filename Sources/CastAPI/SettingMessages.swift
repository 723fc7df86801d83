package import CastCore

/// A setting as the wire has it.
package struct SettingMessage: Sendable, Codable, Equatable {
    /// What counts now, typed.
    package var value: JSONValue
    /// What a person set; null when nobody did.
    @Null package var dbValue: String?
    /// `default`, `database` or `env_file`.
    package var source: String
    /// Whether a variable wins over what a person sets: never here.
    package var envOverride: Bool
    /// What it is when nobody says anything.
    package var `default`: JSONValue
    /// `int`, `bool` or `text`.
    package var type: String
    package var label: String
    package var description: String
    /// Of a number; "" for a count.
    package var unit: String
    package var min: Int?
    package var max: Int?
    package var needsRestart: Bool

    package init(
        value: JSONValue, dbValue: String?, source: String, default standard: JSONValue, type: String, label: String,
        description: String, unit: String, range: ClosedRange<Int>?, needsRestart: Bool
    ) {
        self.value = value
        self.source = source
        self.envOverride = false
        self.default = standard
        self.type = type
        self.label = label
        self.description = description
        self.unit = unit
        self.min = range?.lowerBound
        self.max = range?.upperBound
        self.needsRestart = needsRestart
        self._dbValue = Null(wrappedValue: dbValue)
    }

    enum CodingKeys: String, CodingKey {
        case value, source, `default`, type, label, description, unit, min, max
        case dbValue = "db_value"
        case envOverride = "env_override"
        case needsRestart = "needs_restart"
    }
}

/// `GET /api/settings`.
package struct SettingsResponse: Sendable, Codable, Equatable {
    package var settings: [String: SettingMessage]
    /// The same, as scripts that exist look for the ranges here.
    package var configurable: [String: SettingMessage]

    package init(_ settings: [String: SettingMessage]) {
        self.settings = settings
        self.configurable = settings
    }
}

/// `PUT /api/settings`.
package struct UpdateSettingsRequest: Sendable, Codable, Equatable, ReadableBody {
    /// By name; numbers and booleans are taken as well as text, and null takes a setting back.
    package var settings: [String: JSONValue]

    package init(settings: [String: JSONValue]) { self.settings = settings }

    package init(from fields: inout FieldReader) { self.init(settings: fields.object("settings")) }
}
