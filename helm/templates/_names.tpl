{{- define "imap-gateway.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "imap-gateway.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "imap-gateway.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "imap-gateway.selector" -}}
app.kubernetes.io/name: {{ include "imap-gateway.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "imap-gateway.labels" -}}
{{ include "imap-gateway.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") }}
{{- end -}}

{{- define "imap-gateway.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "imap-gateway.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "imap-gateway.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{/* The most pods that may run at once: they share what a provider allows an account. */}}
{{- define "imap-gateway.replicas" -}}
{{- if .Values.autoscaling.enabled -}}{{ .Values.autoscaling.maxReplicas }}{{- else -}}{{ .Values.replicas }}{{- end -}}
{{- end -}}

{{/* gateway.toml. Numbers of YAML are floats to Helm: whole ones are written as integers. */}}
{{- define "imap-gateway.toml" -}}
{{- $limits := merge (dict) .Values.config.limits (dict "replicas" (include "imap-gateway.replicas" . | int)) -}}
{{- range $name, $table := dict "server" .Values.config.server "limits" $limits "live" .Values.config.live "log" .Values.config.log }}
{{- if $table }}
[{{ $name }}]
{{- range $key, $value := $table }}
{{ $key }} = {{ include "imap-gateway.tomlValue" $value }}
{{- end }}
{{ end }}
{{- end }}
{{- range .Values.config.issuers }}
[[issuers]]
{{- range $key, $value := . }}
{{ $key }} = {{ include "imap-gateway.tomlValue" $value }}
{{- end }}
{{ end }}
{{- range .Values.config.providers }}
[[providers]]
{{- range $key, $value := . }}
{{ $key }} = {{ include "imap-gateway.tomlValue" $value }}
{{- end }}
{{ end }}
{{- end -}}

{{/* One TOML value; a string of JSON is a string of TOML but for "<>&", which Helm's toJson escapes alike. */}}
{{- define "imap-gateway.tomlValue" -}}
{{- if kindIs "map" . -}}
{ {{- range $index, $key := keys . | sortAlpha }}{{ if $index }},{{ end }} {{ $key | toJson }} = {{ include "imap-gateway.tomlValue" (get $ $key) }}{{ end }} }
{{- else if kindIs "slice" . -}}
[{{ range $index, $value := . }}{{ if $index }}, {{ end }}{{ include "imap-gateway.tomlValue" $value }}{{ end }}]
{{- else if kindIs "float64" . -}}
{{- if eq (floor .) . }}{{ int64 . }}{{ else }}{{ . }}{{ end -}}
{{- else -}}
{{ toJson . }}
{{- end -}}
{{- end -}}

{{/* What no schema can say, in a sentence. */}}
{{- define "imap-gateway.check" -}}
{{- if not (and .Values.config.issuers .Values.config.providers) -}}
{{- fail "config.issuers and config.providers: the gateway needs an issuer and a provider" -}}
{{- end -}}
{{- $drain := add (default 20 .Values.config.server.drain_seconds | int) .Values.preStopSleepSeconds -}}
{{- if le (int .Values.terminationGracePeriodSeconds) (int $drain) -}}
{{- fail (printf "terminationGracePeriodSeconds must be more than preStopSleepSeconds and config.server.drain_seconds together (%d)" $drain) -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) -}}
{{- fail "autoscaling.minReplicas is over autoscaling.maxReplicas" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- fail "ingress.hosts: an Ingress needs a host" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.parentRefs: an HTTPRoute needs a Gateway" -}}
{{- end -}}
{{- end -}}
