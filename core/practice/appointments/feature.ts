import type { Feature } from '../../http/feature.ts';
import { apiRoutes } from '../../http/api/api-route.ts';
import { APPOINTMENT_API } from './api.ts';
import { agenda, appointmentPage, book, change, newAppointmentPage, setStatus } from './routes.ts';

/** Appointments: their API, the agenda and the form. */
export const appointmentsFeature: Feature = {
  name: 'wardkeep-appointments',
  register(server, { app }) {
    server.route([
      ...apiRoutes(app, APPOINTMENT_API),
      { method: 'GET', path: '/appointments', handler: (request, h) => agenda(app, request, h) },
      { method: 'GET', path: '/contacts/{id}/appointments/new', handler: (request, h) => newAppointmentPage(app, request, h) },
      { method: 'POST', path: '/contacts/{id}/appointments', handler: (request, h) => book(app, request, h) },
      { method: 'GET', path: '/appointments/{id}', handler: (request, h) => appointmentPage(app, request, h) },
      { method: 'POST', path: '/appointments/{id}', handler: (request, h) => change(app, request, h) },
      { method: 'POST', path: '/appointments/{id}/status', handler: (request, h) => setStatus(app, request, h) },
    ]);
  },
};
